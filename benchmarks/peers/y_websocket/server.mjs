// @y/websocket-server as its own command starts it: documents live in memory only.
// Usage: node y_websocket.mjs PORT
process.env.HOST = '127.0.0.1'
process.env.PORT = process.argv[2]
await import('@y/websocket-server/server')
