/* Bytes in and out: connecting, the upgrade, websocket frames. */
#include "loadgen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024, BUFFER_SIZE = 64 * 1024 * 1024, MAX_HEADER = 14 };
static const uint8_t MASK[4] = {0x37, 0xfa, 0x21, 0x3d};

void bytes_add(struct bytes *to, const void *from, size_t len) {
    if (to->len + len > to->cap) {
        to->cap = (to->len + len) * 2;
        to->at = realloc(to->at, to->cap);
        if (!to->at) die("realloc");
    }
    memcpy(to->at + to->len, from, len);
    to->len += len;
}

void bytes_free(struct bytes *it) {
    free(it->at);
    *it = (struct bytes){0};
}

static void watch(struct load *load, struct client *client, bool writable, int operation) {
    struct epoll_event event = {.events = EPOLLIN | (writable ? EPOLLOUT : 0),
                                .data.u64 = client->index};
    client->writable = writable;
    if (epoll_ctl(load->epoll, operation, client->fd, &event) < 0) die("epoll_ctl");
}

static void failed(struct load *load, struct client *client, const char *why) {
    if (client->state == SYNCED) load->counts.closed++;
    else load->counts.refused++;
    if (!load->counts.error[0]) snprintf(load->counts.error, sizeof load->counts.error, "%s", why);
    wire_close(load, client);
}

void wire_open(struct load *load, struct client *client) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0) die("socket");
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    client->started = clock_ns();
    client->state = CONNECTING;
    load->n_pending++;
    if (connect(client->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
        die("connect");
    watch(load, client, true, EPOLL_CTL_ADD);
}

void wire_close(struct load *load, struct client *client) {
    if (client->state == CLOSED) return;
    if (client->state == SYNCED) load->n_synced--;
    else load->n_pending--;
    close(client->fd);
    client->state = CLOSED;
    client->sent = 0;
    bytes_free(&client->in);
    bytes_free(&client->out);
    bytes_free(&client->parts);
}

static void flush(struct load *load, struct client *client) {
    while (client->sent < client->out.len) {
        ssize_t n = send(client->fd, client->out.at + client->sent,
                         client->out.len - client->sent, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN) {
                if (!client->writable) watch(load, client, true, EPOLL_CTL_MOD);
                return;
            }
            failed(load, client, strerror(errno));
            return;
        }
        client->sent += (size_t)n;
    }
    bytes_free(&client->out);
    client->sent = 0;
    if (client->writable) watch(load, client, false, EPOLL_CTL_MOD);
}

static void send_frame(struct load *load, struct client *client, uint8_t opcode,
                       const uint8_t *prefix, size_t prefix_len, const uint8_t *body, size_t len) {
    uint8_t small[512], *frame = small;
    size_t total = prefix_len + len, head = 2;
    if (total + MAX_HEADER > sizeof small) frame = malloc(total + MAX_HEADER);
    if (!frame) die("malloc");
    frame[0] = 0x80 | opcode;
    if (total < 126) {
        frame[1] = 0x80 | (uint8_t)total;
    } else {
        size_t width = total < 65536 ? 2 : 8;
        frame[1] = 0x80 | (width == 2 ? 126 : 127);
        for (size_t i = 0; i < width; i++) frame[2 + i] = (uint8_t)(total >> (8 * (width - 1 - i)));
        head += width;
    }
    memcpy(frame + head, MASK, 4);
    head += 4;
    for (size_t i = 0; i < prefix_len; i++) frame[head + i] = prefix[i] ^ MASK[i & 3];
    for (size_t i = 0; i < len; i++)
        frame[head + prefix_len + i] = body[i] ^ MASK[(prefix_len + i) & 3];
    bytes_add(&client->out, frame, head + total);
    if (frame != small) free(frame);
    flush(load, client);
}

void wire_send(struct load *load, struct client *client, const uint8_t *message, size_t len) {
    if (client->state < OPEN) return;
    send_frame(load, client, 2, client->prefix, client->prefix_len, message, len);
}

static void say_hello(struct load *load, struct client *client) {
    /* Hocuspocus: an empty token and our version, then step 1. Plain: step 1. */
    static const uint8_t token[] = {2, 0, 0, 5, '4', '.', '7', '.', '0'}, step1[] = {0, 0, 1, 0};
    client->state = OPEN;
    if (!load->wants_sync) {
        client->state = SYNCED;
        load->n_pending--;
        load->n_synced++;
        check_record(load, clock_ns() - client->started);
        return;
    }
    if (client->prefix_len) wire_send(load, client, token, sizeof token);
    if (client->state == OPEN) wire_send(load, client, step1, sizeof step1);
}

static void upgrade(struct load *load, struct client *client) {
    char request[1024];
    int len = snprintf(request, sizeof request,
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                       client->path, load->port);
    client->state = UPGRADING;
    bytes_add(&client->out, request, (size_t)len);
    flush(load, client);
}

static void on_frame(struct load *load, struct client *client, uint8_t first, const uint8_t *at,
                     size_t len) {
    uint8_t opcode = first & 15;
    load->counts.frames++;
    if (opcode == 8) {
        char why[64];
        snprintf(why, sizeof why, "closed by the server: %d", len >= 2 ? at[0] << 8 | at[1] : 1005);
        failed(load, client, why);
    } else if (opcode == 9) {
        send_frame(load, client, 10, NULL, 0, at, len);
    } else if (opcode <= 2 && (first & 0x80) && opcode != 0) {
        check_message(load, client, at, len);
    } else if (opcode <= 2) {
        bytes_add(&client->parts, at, len);
        if (!(first & 0x80)) return;
        struct bytes whole = client->parts;
        client->parts = (struct bytes){0};
        check_message(load, client, whole.at, whole.len);
        bytes_free(&whole);
    }
}

/* Handle the whole frames in `at`; the number of bytes used. */
static size_t read_frames(struct load *load, struct client *client, const uint8_t *at, size_t len) {
    size_t used = 0;
    while (client->state >= OPEN && len - used >= 2) {
        const uint8_t *frame = at + used;
        size_t left = len - used, head = 2, size = frame[1] & 127;
        if (size >= 126) {
            size_t width = size == 126 ? 2 : 8;
            if (left < 2 + width) break;
            size = 0;
            for (size_t i = 0; i < width; i++) size = size << 8 | frame[2 + i];
            head += width;
        }
        if (left < head + size) break;
        on_frame(load, client, frame[0], frame + head, size);
        used += head + size;
    }
    return used;
}

static size_t read_upgrade(struct load *load, struct client *client, uint8_t *at, size_t len) {
    const uint8_t *end = memmem(at, len, "\r\n\r\n", 4);
    if (!end) return 0;
    if (len < 12 || memcmp(at + 9, "101", 3) != 0) {
        at[len < 80 ? len - 1 : 80] = 0;
        failed(load, client, strtok((char *)at, "\r"));
        return len;
    }
    say_hello(load, client);
    return (size_t)(end + 4 - at);
}

static void readable(struct load *load, struct client *client) {
    size_t len = client->in.len, used = 0;
    if (len) memcpy(load->buffer, client->in.at, len);
    if (len + READ_SIZE > BUFFER_SIZE) die("a frame is larger than the buffer");
    ssize_t n = recv(client->fd, load->buffer + len, READ_SIZE, 0);
    if (n <= 0) {
        if (n < 0 && errno == EAGAIN) return;
        failed(load, client, n == 0 ? "the server closed the connection" : strerror(errno));
        return;
    }
    load->counts.bytes += (uint64_t)n;
    load->now = clock_ns();
    len += (size_t)n;
    client->in.len = 0;
    if (client->state == UPGRADING) used = read_upgrade(load, client, load->buffer, len);
    if (client->state >= OPEN) used += read_frames(load, client, load->buffer + used, len - used);
    if (client->state == CLOSED) return;
    if (used < len) bytes_add(&client->in, load->buffer + used, len - used);
    else bytes_free(&client->in);
}

void wire_event(struct load *load, struct client *client, uint32_t events) {
    if (client->state == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) failed(load, client, strerror(error));
        else if (events & EPOLLOUT) upgrade(load, client);
        return;
    }
    if (client->state != CLOSED && (events & EPOLLOUT)) flush(load, client);
    if (client->state != CLOSED && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        readable(load, client);
}
