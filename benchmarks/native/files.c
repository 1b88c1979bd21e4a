/* The two files that a run is made of: who connects where, and who writes what. */
#include "loadgen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *zeroed(size_t n, size_t size) {
    void *at = calloc(n ? n : 1, size);
    if (!at) die("calloc");
    return at;
}

static void set_address(struct client *client, const char *address) {
    size_t len = strlen(address);
    if (strcmp(address, "-") == 0) return;
    if (len > 127) die("a document's name is too long");
    client->prefix = zeroed(len + 1, 1);
    client->prefix[0] = (uint8_t)len;
    memcpy(client->prefix + 1, address, len);
    client->prefix_len = len + 1;
}

void read_table(struct load *load, const char *name) {
    char path[512], address[128];
    uint32_t room, cap = 0;
    FILE *file = fopen(name, "r");
    if (!file) die(name);
    while (fscanf(file, "%u %511s %127s", &room, path, address) == 3) {
        if (load->n_clients == cap) {
            cap = cap ? 2 * cap : 64;
            load->clients = realloc(load->clients, cap * sizeof *load->clients);
            if (!load->clients) die("realloc");
        }
        struct client *client = &load->clients[load->n_clients];
        *client = (struct client){.room = room, .index = load->n_clients++, .path = strdup(path)};
        set_address(client, address);
        if (room >= load->n_rooms) load->n_rooms = room + 1;
    }
    fclose(file);
    load->rooms = zeroed(load->n_rooms, sizeof *load->rooms);
    for (uint32_t i = 0; i < load->n_clients; i++) load->rooms[load->clients[i].room].clients++;
}

static uint32_t read_u32(FILE *file) {
    uint32_t number = 0;
    if (fread(&number, sizeof number, 1, file) != 1) die("the script ends early");
    return number;
}

static void read_writer(struct load *load, struct writer *writer, FILE *file) {
    writer->client = read_u32(file);
    writer->count = read_u32(file);
    if (writer->client >= load->n_clients) die("a writer without a client");
    writer->room = load->clients[writer->client].room;
    writer->local = load->rooms[writer->room].writers++;
    writer->messages = zeroed(writer->count, sizeof *writer->messages);
    writer->sizes = zeroed(writer->count, sizeof *writer->sizes);
    writer->sent_at = zeroed(writer->count, sizeof *writer->sent_at);
    writer->seen = zeroed(writer->count, sizeof *writer->seen);
    for (uint32_t i = 0; i < writer->count; i++) {
        writer->sizes[i] = read_u32(file);
        writer->messages[i] = zeroed(writer->sizes[i], 1);
        if (fread(writer->messages[i], 1, writer->sizes[i], file) != writer->sizes[i]) die("script");
    }
}

/* One script for each process keeps this simple: nothing is ever freed. */
void read_script(struct load *load, const char *name) {
    FILE *file = fopen(name, "rb");
    if (!file || load->writers) die(name);
    load->n_writers = read_u32(file);
    load->writers = zeroed(load->n_writers, sizeof *load->writers);
    for (uint32_t i = 0; i < load->n_writers; i++) read_writer(load, &load->writers[i], file);
    fclose(file);
    for (uint32_t i = 0; i < load->n_clients; i++) {
        struct client *client = &load->clients[i];
        client->next = zeroed(load->rooms[client->room].writers, sizeof *client->next);
    }
}

