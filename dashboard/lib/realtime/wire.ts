// Generated from docs/asyncapi.json by `npm run types`.

export type ClientMessage = (Subscribe | Unsubscribe | ClientPing | ClientPong | Command)
export type ServerMessage = (Hello | Subscribed | EventMessage | Reset | Ping | Pong | Reply | ErrorMessage)

export interface Wire {
client?: ClientMessage
server?: ServerMessage
}
/**
 * Follow a channel, from `since` if history reaches so far.
 */
export interface Subscribe {
type: "subscribe"
channel: string
since?: (Since | null)
}
/**
 * The place in a channel up to which a client has seen everything.
 */
export interface Since {
epoch: string
offset: number
}
/**
 * Follow it no longer.
 */
export interface Unsubscribe {
type: "unsubscribe"
channel: string
}
/**
 * Asks for a pong with the same id.
 */
export interface ClientPing {
type: "ping"
id?: (string | number | null)
}
/**
 * Answers our ping.
 */
export interface ClientPong {
type: "pong"
}
/**
 * Something a person does; `id` is its idempotency key.
 */
export interface Command {
type: "command"
id: string
name: string
incident_id: string
args?: {

}
}
/**
 * The first message of every connection.
 */
export interface Hello {
type: "hello"
version: number
epoch: string
server: string
heartbeat_s: number
}
/**
 * With `recovered` the `behind` missed events up to `offset` follow; otherwise `snapshot` is the state at `offset`.
 * 
 * Offsets are counted in the channel's `epoch`: go on with both.
 */
export interface Subscribed {
type: "subscribed"
channel: string
epoch: string
offset: number
recovered: boolean
behind?: number
snapshot?: unknown
}
/**
 * A publication of a channel; it follows the offset `after`, or `offset - 1` where it does not say.
 */
export interface EventMessage {
type: "event"
after?: number
channel: string
offset: number
key?: string
kind: string
ts: string
data: unknown
}
/**
 * The client fell further behind than history reaches and no longer follows the channel.
 */
export interface Reset {
type: "reset"
channel: string
epoch: string
offset: number
}
/**
 * The heartbeat.
 */
export interface Ping {
type: "ping"
ts: string
}
/**
 * Answers a client's ping.
 */
export interface Pong {
type: "pong"
id?: (string | number)
}
/**
 * A command was done.
 */
export interface Reply {
type: "reply"
id: string
ok: boolean
data: unknown
}
/**
 * A message could not be obeyed; `id` names the command, `channel` the subscription. The connection stays.
 */
export interface ErrorMessage {
type: "error"
code: string
message: string
id?: string
channel?: string
}
