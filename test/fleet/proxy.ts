import { connect, createServer, type Server, type Socket } from 'node:net';

/** What a proxy does to a connection that is made while it is in that mode. */
export type ProxyMode =
  /** Passes everything on. */
  | 'pass'
  /** Closes it at once. */
  | 'refuse'
  /** Cuts it after the first data from the server. */
  | 'cut'
  /** Takes it, and passes nothing on. */
  | 'hang';

/** A proxy between replicas and one server. */
export class TcpProxy {
  mode: ProxyMode = 'pass';
  /** Whether data from the server is dropped, on all connections. What clients send is still passed on. */
  deaf = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(target: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(new URL(target));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(target: URL) {
    this.#server = createServer((client) => {
      this.#keep(client);
      if (this.mode === 'refuse') {
        client.destroy();
        return;
      }
      if (this.mode === 'hang') return;
      const cut = this.mode === 'cut';
      const server = connect(Number(target.port), target.hostname);
      this.#keep(server);
      client.on('data', (data) => server.write(data));
      server.on('data', (data) => {
        if (cut) {
          client.write(data.subarray(0, 20));
          client.end();
          server.destroy();
        } else if (!this.deaf) client.write(data);
      });
      client.on('close', () => server.destroy());
      server.on('close', () => client.destroy());
    });
  }

  get url(): string {
    const { port } = this.#server.address() as { port: number };
    return `http://127.0.0.1:${port}`;
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
