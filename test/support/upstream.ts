import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSocketServer, type Socket, type Server as SocketServer } from 'node:net';
import { onTestFinished } from 'vitest';

/** The port of a listening server. */
export function portOf(server: Pick<SocketServer, 'address'>): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** An HTTP server on loopback for one test; gives its origin. */
export async function httpServer(
  answer: RequestListener,
): Promise<{ readonly origin: string; readonly server: Server }> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return { origin: `http://127.0.0.1:${portOf(server)}`, server };
}

/** A TCP server on loopback for one test, for what no HTTP server would send. */
export async function socketServer(
  onConnection: (socket: Socket) => void,
): Promise<{ readonly origin: string; readonly server: SocketServer }> {
  const server = createSocketServer(onConnection);
  await listenForOneTest(server);
  return { origin: `http://127.0.0.1:${portOf(server)}`, server };
}

/** Listens on loopback until the test ends; open connections are destroyed then. */
export async function listenForOneTest(server: SocketServer): Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
}

/** The origin of a port on which nothing listens. */
export async function closedPort(): Promise<string> {
  const server = createSocketServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${portOf(server)}`;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return origin;
}
