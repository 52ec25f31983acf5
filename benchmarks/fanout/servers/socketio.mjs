// socket.io on node, over WebSocket alone.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { event, obey } from "./pacing.mjs";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, pingInterval: 60000, pingTimeout: 60000 });
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log(http.address().port));
obey((n) => io.emit("event", JSON.parse(event(n))));
