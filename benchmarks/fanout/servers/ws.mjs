// The package ws on node: an event is framed for each connection.
import { WebSocketServer } from "ws";
import { envelope, obey } from "./pacing.mjs";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, backlog: 4096 });
server.on("listening", () => console.log(server.address().port));
obey((n) => {
  const text = Buffer.from(envelope(n));
  for (const client of server.clients) client.send(text, { binary: false });
});
