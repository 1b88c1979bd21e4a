/* What arrives: synchronisation, and markers, each of them, in order. */
#include "loadgen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void check_record(struct load *load, uint64_t elapsed) {
    unsigned bits = 64u - (unsigned)__builtin_clzll(elapsed | 1);
    unsigned shift = bits > HIST_SUB_BITS + 1 ? bits - HIST_SUB_BITS - 1 : 0;
    unsigned bucket = (shift << HIST_SUB_BITS) + (unsigned)(elapsed >> shift);
    load->hist[bucket < HIST_BUCKETS ? bucket : HIST_BUCKETS - 1]++;
}

void check_reset(struct load *load) {
    memset(load->hist, 0, sizeof load->hist);
    memset(&load->counts, 0, sizeof load->counts);
    load->finished = 0;
}

void check_print_hist(struct load *load) {
    const char *comma = "";
    printf("\"hist\":[");
    for (int i = 0; i < HIST_BUCKETS; i++) {
        if (!load->hist[i]) continue;
        printf("%s[%d,%llu]", comma, i, (unsigned long long)load->hist[i]);
        comma = ",";
    }
    printf("]");
}

static bool read_number(const uint8_t **at, const uint8_t *end, uint64_t *number) {
    *number = 0;
    for (int shift = 0; *at < end && shift < 63; shift += 7) {
        uint8_t byte = *(*at)++;
        *number |= (uint64_t)(byte & 127) << shift;
        if (!(byte & 128)) return true;
    }
    return false;
}

static bool read_digits(const uint8_t *at, int n, uint32_t *number) {
    *number = 0;
    for (int i = 0; i < n; i++) {
        uint8_t digit = (uint8_t)(at[i] - DIGIT_ZERO);
        if (digit > 31) return false;
        *number = *number << 5 | digit;
    }
    return true;
}

static void on_marker(struct load *load, struct client *client, uint32_t id, uint32_t seq,
                      bool live) {
    if (id >= load->n_writers || load->writers[id].room != client->room ||
        seq >= load->writers[id].sent) {
        load->counts.leaks++;
        return;
    }
    struct writer *writer = &load->writers[id];
    uint32_t *next = &client->next[writer->local];
    if (seq < *next) {
        load->counts.again++;
        return;
    }
    if (seq > *next && !load->newest) load->counts.gaps++;
    *next = seq + 1;
    load->counts.deliveries++;
    if (live) check_record(load, load->now - writer->sent_at[seq]);
    if (++writer->seen[seq] == load->rooms[client->room].clients) {
        writer->complete = seq + 1;
        load->finished++;
    }
}

static void find_markers(struct load *load, struct client *client, const uint8_t *at,
                         const uint8_t *end, bool live) {
    uint32_t writer, seq;
    while (end - at >= MARKER_BYTES) {
        at = memchr(at, MARKER, (size_t)(end - at) - MARKER_BYTES + 1);
        if (!at) return;
        if (read_digits(at + 1, WRITER_DIGITS, &writer) &&
            read_digits(at + 1 + WRITER_DIGITS, SEQ_DIGITS, &seq)) {
            on_marker(load, client, writer, seq, live);
            at += MARKER_BYTES;
        } else {
            at++;
        }
    }
}

static void on_step2(struct load *load, struct client *client, const uint8_t *at,
                     const uint8_t *end) {
    load->step2_bytes = (uint64_t)(end - at);
    if (load->dump_client == client->index) {
        FILE *file = fopen(load->dump_file, "wb");
        if (!file || fwrite(at, 1, (size_t)(end - at), file) != (size_t)(end - at)) die("dump");
        fclose(file);
    }
    if (client->state == SYNCED) return;
    client->state = SYNCED;
    load->n_pending--;
    load->n_synced++;
    check_record(load, load->now - client->started);
}

static void on_sync(struct load *load, struct client *client, const uint8_t *at,
                    const uint8_t *end) {
    static const uint8_t nothing[] = {0, 1, 2, 0, 0}; /* step 2, empty */
    uint64_t subtype, size;
    if (!read_number(&at, end, &subtype) || !read_number(&at, end, &size)) return;
    if (size > (uint64_t)(end - at)) return;
    if (subtype == 0) wire_send(load, client, nothing, sizeof nothing);
    else if (subtype == 1) on_step2(load, client, at, at + size);
    /* What came before our step 2 is part of it. */
    if (subtype != 0 && client->state == SYNCED && !load->newest && load->n_writers)
        find_markers(load, client, at, at + size, subtype == 2);
}

void check_message(struct load *load, struct client *client, const uint8_t *at, size_t len) {
    const uint8_t *end = at + len;
    uint64_t type;
    if (client->prefix_len) {
        if (len < client->prefix_len || memcmp(at, client->prefix, client->prefix_len)) return;
        at += client->prefix_len;
    }
    if (!read_number(&at, end, &type)) return;
    if (type == 0) on_sync(load, client, at, end);
    else if (type == 1 && load->newest) find_markers(load, client, at, end, true);
    else if (type == 2 && len) load->counts.denied += at < end && at[0] == (client->prefix_len ? 1 : 0);
    else if (type == 8) load->counts.status++;
}
