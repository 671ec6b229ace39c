// The smallest server on the same SDK with as many tools as ours: what start-up is measured against.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import * as z from 'zod';

const TOOLS = 7;
const inputSchema = z.strictObject({
  KeyId: z.string().optional(),
  SecretName: z.string().optional(),
  CertificateId: z.string().optional(),
  TagKeys: z.array(z.string()).min(1).describe('Tag keys to remove, without values.'),
  RegionId: z.string().optional().describe('Default: the server’s region.'),
});
const outputSchema = z.object({ RequestId: z.string(), RegionId: z.string() });

serveStdio(() => {
  const server = new McpServer({ name: 'minimal', version: '1.0.0' });
  for (let index = 0; index < TOOLS; index += 1) {
    const config = {
      title: `Tool ${index}`,
      description: 'Removes tags from one KMS key, secret or certificate.',
      inputSchema,
      outputSchema,
    };
    server.registerTool(`tool_${index}`, config, () => {
      const result = { RequestId: '', RegionId: '' };
      return { content: [{ type: 'text', text: '' }], structuredContent: result };
    });
  }
  return server;
});
