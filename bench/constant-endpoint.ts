// An endpoint that answers every request alike and at once, so that a bench measures the clients alone; or, with
// `checked`, the emulator. Tells its parent the URL.
import { createServer } from 'node:http';
import { startEmulator } from '../emulator/index.js';

const BODY = JSON.stringify({ RequestId: '4162a6af-bc99-40b3-a552-89dcc8aaf7c8' });

process.on('disconnect', () => process.exit(0));
if (process.argv[2] === 'checked') {
  process.send?.((await startEmulator()).endpoint);
} else {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json;charset=utf-8');
    response.end(BODY);
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) process.send?.(`http://127.0.0.1:${address.port}`);
  });
}
