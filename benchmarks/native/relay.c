/* The limit: a relay of websocket frames that knows nothing of documents.
 *
 * What a client sends goes, unmasked, to every client of the same path, itself included. No
 * CRDT, no store, no answer to step 1. Frames that arrive together leave together.
 *
 * Usage: relay PORT [N]     with N, every N-th delivery is lost: the checker must notice
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 256, BUFFER = 1 << 20, BUCKETS = 1 << 16, MAX_FDS = 1 << 16 };

struct client {
    int fd;
    struct room *room; /* NULL until the upgrade */
    size_t position;   /* in the room */
    uint8_t *in, *out;
    size_t in_len, out_len;
};

struct room {
    char *path;
    struct client **clients;
    size_t n, cap;
    struct room *next;
};

struct relay {
    int epoll, listener;
    unsigned long lossy, pushes;
    struct client *clients[MAX_FDS];
    struct room *rooms[BUCKETS];
    uint8_t in[BUFFER], out[BUFFER];
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static struct room *room_of(struct relay *relay, const char *path, size_t len) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++) hash = (hash ^ (uint8_t)path[i]) * 16777619u;
    struct room **bucket = &relay->rooms[hash % BUCKETS];
    for (struct room *room = *bucket; room; room = room->next)
        if (strlen(room->path) == len && memcmp(room->path, path, len) == 0) return room;
    struct room *room = calloc(1, sizeof *room);
    room->path = strndup(path, len);
    room->next = *bucket;
    return *bucket = room;
}

static void join(struct room *room, struct client *client) {
    if (room->n == room->cap) {
        room->cap = room->cap ? 2 * room->cap : 4;
        room->clients = realloc(room->clients, room->cap * sizeof(struct client *));
        if (!room->clients) die("realloc");
    }
    client->room = room;
    client->position = room->n;
    room->clients[room->n++] = client;
}

static void leave(struct relay *relay, struct client *client) {
    struct room *room = client->room;
    if (room) {
        room->clients[client->position] = room->clients[--room->n];
        room->clients[client->position]->position = client->position;
    }
    relay->clients[client->fd] = NULL;
    close(client->fd);
    free(client->in);
    free(client->out);
    free(client);
}

static void watch(struct relay *relay, struct client *client, uint32_t events, int operation) {
    struct epoll_event event = {.events = events, .data.fd = client->fd};
    if (epoll_ctl(relay->epoll, operation, client->fd, &event) < 0) die("epoll_ctl");
}

/* Send now what the socket takes, keep the rest. */
static void push(struct relay *relay, struct client *client, const uint8_t *at, size_t len) {
    ssize_t n = 0;
    if (!client->out_len) n = send(client->fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) n = 0; /* A dead peer is found by reading. */
    if ((size_t)n == len) return;
    if (!client->out_len) watch(relay, client, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    client->out = realloc(client->out, client->out_len + len - (size_t)n);
    if (!client->out) die("realloc");
    memcpy(client->out + client->out_len, at + n, len - (size_t)n);
    client->out_len += len - (size_t)n;
}

static void drain(struct relay *relay, struct client *client) {
    ssize_t n = send(client->fd, client->out, client->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0) return;
    client->out_len -= (size_t)n;
    memmove(client->out, client->out + n, client->out_len);
    if (!client->out_len) watch(relay, client, EPOLLIN, EPOLL_CTL_MOD);
}

/* The frame at `at`, unmasked, into `to`; bytes used, 0 if it is not whole, -1 at a close. */
static ssize_t unmask(const uint8_t *at, size_t len, uint8_t *to, size_t *made) {
    size_t head = 2, size;
    if (len < 2) return 0;
    size = at[1] & 127;
    if (size >= 126) {
        head += size == 126 ? 2 : 8;
        if (len < head) return 0;
        size = 0;
        for (size_t i = 2; i < head; i++) size = size << 8 | at[i];
    }
    if (len < head + 4 + size) return 0;
    if ((at[0] & 15) == 8) return -1;
    *made = 0;
    if ((at[0] & 15) <= 2) {
        memcpy(to, at, head);
        to[1] &= 127;
        for (size_t i = 0; i < size; i++) to[head + i] = at[head + 4 + i] ^ at[head + (i & 3)];
        *made = head + size;
    }
    return (ssize_t)(head + 4 + size);
}

/* Relay all whole frames; the bytes used, -1 when the peer says goodbye. */
static ssize_t relay_frames(struct relay *relay, struct client *client, size_t len) {
    size_t used = 0, out = 0, made;
    ssize_t n;
    while ((n = unmask(relay->in + used, len - used, relay->out + out, &made)) > 0) {
        used += (size_t)n;
        out += made;
    }
    if (n < 0) return -1;
    for (size_t i = 0; out && i < client->room->n; i++)
        if (!relay->lossy || ++relay->pushes % relay->lossy)
            push(relay, client->room->clients[i], relay->out, out);
    return (ssize_t)used;
}

static size_t upgrade(struct relay *relay, struct client *client, size_t len) {
    /* The accept key belongs to the one nonce that the load generator sends. */
    static const char reply[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\n"
                                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    uint8_t *end = memmem(relay->in, len, "\r\n\r\n", 4), *space;
    if (!end) return 0;
    space = memchr(relay->in + 4, ' ', (size_t)(end - relay->in) - 4);
    if (!space) return 0;
    push(relay, client, (const uint8_t *)reply, sizeof reply - 1);
    join(room_of(relay, (char *)relay->in + 4, (size_t)(space - relay->in) - 4), client);
    return (size_t)(end + 4 - relay->in);
}

static void readable(struct relay *relay, struct client *client) {
    size_t len = client->in_len;
    ssize_t used = 0;
    memcpy(relay->in, client->in ? client->in : relay->in, len);
    ssize_t n = recv(client->fd, relay->in + len, BUFFER - len, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        leave(relay, client);
        return;
    }
    len += (size_t)n;
    used = client->room ? relay_frames(relay, client, len) : (ssize_t)upgrade(relay, client, len);
    if (used < 0) {
        leave(relay, client);
        return;
    }
    client->in_len = len - (size_t)used;
    client->in = realloc(client->in, client->in_len ? client->in_len : 1);
    memcpy(client->in, relay->in + used, client->in_len);
}

static void welcome(struct relay *relay) {
    int one = 1, fd;
    while ((fd = accept4(relay->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= MAX_FDS) die("too many descriptors");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        relay->clients[fd] = calloc(1, sizeof(struct client));
        relay->clients[fd]->fd = fd;
        watch(relay, relay->clients[fd], EPOLLIN, EPOLL_CTL_ADD);
    }
}

int main(int argc, char **argv) {
    struct relay *relay = calloc(1, sizeof *relay);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event events[BATCH], event = {.events = EPOLLIN};
    int one = 1;
    if (!relay || argc < 2) return 2;
    if (argc > 2) relay->lossy = strtoul(argv[2], NULL, 10);
    at.sin_port = htons((uint16_t)atoi(argv[1]));
    relay->epoll = epoll_create1(EPOLL_CLOEXEC);
    relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(relay->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(relay->listener, (struct sockaddr *)&at, sizeof at) < 0) die("bind");
    if (listen(relay->listener, 4096) < 0) die("listen");
    event.data.fd = relay->listener;
    if (epoll_ctl(relay->epoll, EPOLL_CTL_ADD, relay->listener, &event) < 0) die("epoll_ctl");
    for (;;) {
        int n = epoll_wait(relay->epoll, events, BATCH, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == relay->listener) {
                welcome(relay);
                continue;
            }
            if (relay->clients[fd] && events[i].events & EPOLLOUT) drain(relay, relay->clients[fd]);
            if (relay->clients[fd] && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                readable(relay, relay->clients[fd]);
        }
    }
}
