/* The load generator: many websocket clients in one thread, raw sockets and epoll.
 *
 * files.c reads who connects and writes, wire.c carries bytes, check.c looks for markers and
 * keeps the latencies, loadgen.c takes commands. State is one `struct load`, passed to everybody.
 */
#ifndef LOADGEN_H
#define LOADGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MARKER = '~', WRITER_DIGITS = 3, SEQ_DIGITS = 4, MARKER_BYTES = 8, DIGIT_ZERO = '0' };
/* Latency buckets: 32 linear steps for each power of two of nanoseconds. */
enum { HIST_SUB_BITS = 5, HIST_BUCKETS = 64 << HIST_SUB_BITS };

enum state { CLOSED, CONNECTING, UPGRADING, OPEN, SYNCED };

struct bytes {
    uint8_t *at;
    size_t len, cap;
};

struct client {
    int fd;
    enum state state;
    bool writable;         /* epoll waits for room in the socket */
    uint32_t room, index;
    char *path;
    uint8_t *prefix;       /* the envelope's address, encoded; empty in the plain dialect */
    size_t prefix_len;
    struct bytes in, out, parts; /* unread, unsent, and fragments of one message */
    size_t sent;           /* of `out` */
    uint64_t started;
    uint32_t *next;        /* the sequence number expected next, per writer of the room */
};

struct writer {
    uint32_t client, room, local; /* local: index among the room's writers */
    uint32_t count, sent, complete;
    uint8_t **messages;
    uint32_t *sizes;
    uint64_t *sent_at;
    uint32_t *seen; /* clients that have seen it, per sequence number */
};

struct room {
    uint32_t clients, writers;
};

struct counts {
    uint64_t deliveries, again, gaps, leaks, closed, refused, frames, bytes, status, denied;
    uint64_t late_ns;
    char error[200];
};

struct load {
    int epoll, timer, port;
    bool wants_sync;  /* false for the relay: open is as good as synced */
    bool newest;      /* presence: older states may be skipped */
    struct client *clients;
    struct writer *writers;
    struct room *rooms;
    uint32_t n_clients, n_writers, n_rooms, n_synced, n_pending;
    uint64_t finished; /* messages that everybody has seen */
    uint64_t hist[HIST_BUCKETS];
    struct counts counts;
    uint64_t now;
    int64_t dump_client;
    const char *dump_file;
    uint64_t step2_bytes;
    uint8_t *buffer;
};

uint64_t clock_ns(void);
void die(const char *what);

/* wire.c */
void wire_open(struct load *load, struct client *client);
void wire_close(struct load *load, struct client *client);
void wire_event(struct load *load, struct client *client, uint32_t events);
void wire_send(struct load *load, struct client *client, const uint8_t *message, size_t len);
void bytes_add(struct bytes *to, const void *from, size_t len);
void bytes_free(struct bytes *it);

/* files.c */
void read_table(struct load *load, const char *name);
void read_script(struct load *load, const char *name);

/* check.c */
void check_message(struct load *load, struct client *client, const uint8_t *at, size_t len);
void check_reset(struct load *load);
void check_print_hist(struct load *load);
void check_record(struct load *load, uint64_t elapsed);

#endif
