// Bun's own server and its publish.
import { envelope, obey } from "./pacing.mjs";

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("no", { status: 400 })),
  websocket: {
    perMessageDeflate: false,
    backpressureLimit: 64 * 1024 * 1024,
    idleTimeout: 600,
    open: (socket) => socket.subscribe("events"),
    message: () => {},
  },
});
console.log(server.port);
obey((n) => server.publish("events", envelope(n)));
