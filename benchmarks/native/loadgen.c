/* Commands on standard input, one JSON answer a line on standard output.
 *
 *   script FILE                        what to write: writers and their messages
 *   newest 0|1                         whether older states may be skipped (presence)
 *   connect FIRST COUNT AT_ONCE MS     open clients until all are synchronised
 *   drop FIRST COUNT                   close their sockets without a word
 *   dump CLIENT FILE                   write this client's next step 2 to a file
 *   churn FIRST COUNT MS               while pacing, drop and reopen one of these every MS
 *   window N UPTO SEND_MS MS           each writer keeps N messages on the way, for SEND_MS
 *   paced RATE CLUMP UPTO MS           RATE messages a second, all writers in turn, CLUMP of
 *                                      them in the same moment
 *   hold MS                            stay, answer pings
 *
 * Usage: loadgen PORT SYNC TABLE, a line of TABLE being a client: ROOM PATH ADDRESS ("-": none)
 */
#include "loadgen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 512, TIMER = -1, MAX_LINE = 1024 };

struct pace {
    uint64_t start, sent, upto;
    double rate; /* messages a second; 0: by window */
    uint32_t clump, window;
    uint64_t send_ns; /* by window: how long to go on sending; who is slow sends less */
};

struct churn {
    uint32_t first, count, turn;
    uint64_t every, due;
};

uint64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void die(const char *what) {
    fprintf(stderr, "loadgen: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double cpu_seconds(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

/* --- the loop ------------------------------------------------------------ */

static void wake_at(struct load *load, uint64_t due) {
    struct itimerspec when = {.it_value = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)}};
    if (timerfd_settime(load->timer, TFD_TIMER_ABSTIME, &when, NULL) < 0) die("timerfd");
}

static void turn(struct load *load, int timeout_ms) {
    struct epoll_event events[BATCH];
    uint64_t expired;
    int n = epoll_wait(load->epoll, events, BATCH, timeout_ms);
    load->now = clock_ns();
    for (int i = 0; i < n; i++) {
        if (events[i].data.u64 == (uint64_t)TIMER) {
            if (read(load->timer, &expired, sizeof expired) < 0 && errno != EAGAIN) die("timer");
        } else {
            wire_event(load, &load->clients[events[i].data.u64], events[i].events);
        }
    }
}

static void send_next(struct load *load, struct writer *writer, uint64_t due) {
    uint32_t seq = writer->sent++;
    writer->sent_at[seq] = due;
    wire_send(load, &load->clients[writer->client], writer->messages[seq], writer->sizes[seq]);
}

static void pump_window(struct load *load, struct pace *pace) {
    if (load->now >= pace->start + pace->send_ns) return;
    for (uint32_t i = 0; i < load->n_writers; i++) {
        struct writer *writer = &load->writers[i];
        while (writer->sent < pace->upto && writer->sent < writer->complete + pace->window) {
            send_next(load, writer, clock_ns());
            pace->sent++;
        }
    }
}

static void pump_paced(struct load *load, struct pace *pace, uint64_t total) {
    while (pace->sent < total) {
        uint64_t clumps = pace->sent - pace->sent % pace->clump;
        uint64_t due = pace->start + (uint64_t)((double)clumps * 1e9 / pace->rate);
        uint64_t now = clock_ns();
        if (due > now) {
            wake_at(load, due);
            return;
        }
        if (now - due > load->counts.late_ns) load->counts.late_ns = now - due;
        send_next(load, &load->writers[pace->sent++ % load->n_writers], due);
    }
}

static void shake(struct load *load, struct churn *churn) {
    if (!churn->count || load->now < churn->due) return;
    struct client *client = &load->clients[churn->first + churn->turn++ % churn->count];
    churn->due = load->now + churn->every;
    if (client->state != SYNCED) return;
    wire_close(load, client);
    wire_open(load, client);
}

/* Everything that is to be sent has been, and everybody has seen it. */
static bool is_done(struct load *load, const struct pace *pace) {
    bool sends = !pace->send_ns || load->now < pace->start + pace->send_ns;
    for (uint32_t i = 0; i < load->n_writers; i++) {
        struct writer *writer = &load->writers[i];
        if (writer->complete < writer->sent || (sends && writer->sent < pace->upto)) return false;
    }
    return load->n_pending == 0;
}

/* Of each writer, how many edits some other client has seen; left out when they are many. */
static void print_seen(struct load *load) {
    printf("\"seen\":[");
    for (uint32_t w = 0; load->n_writers <= 32 && w < load->n_writers; w++) {
        struct writer *writer = &load->writers[w];
        uint32_t most = 0;
        for (uint32_t i = 0; i < load->n_clients; i++)
            if (load->clients[i].room == writer->room && i != writer->client &&
                load->clients[i].next[writer->local] > most)
                most = load->clients[i].next[writer->local];
        printf("%s%u", w ? "," : "", most);
    }
    printf("],");
}

static void answer(struct load *load, bool ok, double seconds, uint64_t sent, double cpu) {
    struct counts *c = &load->counts;
#define U(name) (unsigned long long)(name)
    printf("{\"ok\":%s,\"seconds\":%.6f,\"cpu\":%.6f,\"sent\":%llu,\"finished\":%llu,"
           "\"deliveries\":%llu,\"again\":%llu,\"gaps\":%llu,\"leaks\":%llu,\"closed\":%llu,"
           "\"refused\":%llu,\"frames\":%llu,\"bytes\":%llu,\"status\":%llu,\"denied\":%llu,"
           "\"late_ms\":%.3f,\"synced\":%u,\"step2\":%llu,\"error\":\"",
           ok ? "true" : "false", seconds, cpu, U(sent), U(load->finished), U(c->deliveries),
           U(c->again), U(c->gaps), U(c->leaks), U(c->closed), U(c->refused), U(c->frames),
           U(c->bytes), U(c->status), U(c->denied), (double)c->late_ns / 1e6, load->n_synced,
           U(load->step2_bytes));
#undef U
    for (const char *at = c->error; *at; at++) putchar(*at < ' ' || *at == '"' || *at == '\\' ? ' ' : *at);
    printf("\",");
    print_seen(load);
    check_print_hist(load);
    printf("}\n");
    fflush(stdout);
}

static void run_writers(struct load *load, struct pace pace, double ms, struct churn *churn) {
    double cpu = cpu_seconds();
    uint64_t limit = (uint64_t)(ms * 1e6), total = 0, since = clock_ns();
    check_reset(load);
    pace.start = load->now = since;
    for (uint32_t i = 0; i < load->n_writers; i++) {
        if (pace.upto > load->writers[i].count) die("the script is shorter than that");
        total += pace.upto - load->writers[i].sent;
    }
    while (!is_done(load, &pace) && clock_ns() - since < limit && !load->counts.closed) {
        if (pace.rate > 0) pump_paced(load, &pace, total);
        else pump_window(load, &pace);
        if (pace.sent < total) shake(load, churn);
        turn(load, 20);
    }
    answer(load, is_done(load, &pace) && !load->counts.closed,
           (double)(clock_ns() - since) / 1e9, pace.sent, cpu_seconds() - cpu);
}

static void run_connect(struct load *load, uint32_t first, uint32_t count, uint32_t at_once,
                        double ms) {
    uint64_t since = clock_ns(), limit = (uint64_t)(ms * 1e6);
    uint32_t next = first, already = load->n_synced;
    double cpu = cpu_seconds();
    check_reset(load);
    while (load->n_synced < already + count && clock_ns() - since < limit && !load->counts.refused) {
        while (next < first + count && load->n_pending < at_once)
            wire_open(load, &load->clients[next++]);
        turn(load, 20);
    }
    answer(load, load->n_synced >= already + count, (double)(clock_ns() - since) / 1e9, count,
           cpu_seconds() - cpu);
}

static void run_hold(struct load *load, double ms) {
    uint64_t since = clock_ns();
    double cpu = cpu_seconds();
    check_reset(load);
    while ((double)(clock_ns() - since) < ms * 1e6) turn(load, 20);
    answer(load, !load->counts.closed, ms / 1e3, 0, cpu_seconds() - cpu);
}

static bool command(struct load *load, struct churn *churn, const char *line) {
    static char name[512];
    uint32_t a, b, c;
    double x, ms;
    if (sscanf(line, "script %511s", name) == 1) read_script(load, name), run_hold(load, 0);
    else if (sscanf(line, "newest %u", &a) == 1) load->newest = a, run_hold(load, 0);
    else if (sscanf(line, "connect %u %u %u %lf", &a, &b, &c, &ms) == 4)
        run_connect(load, a, b, c, ms);
    else if (sscanf(line, "drop %u %u", &a, &b) == 2) {
        for (uint32_t i = a; i < a + b; i++) wire_close(load, &load->clients[i]);
        run_hold(load, 0);
    } else if (sscanf(line, "dump %u %511s", &a, name) == 2) {
        load->dump_client = a;
        load->dump_file = name;
        run_hold(load, 0);
    } else if (sscanf(line, "churn %u %u %lf", &a, &b, &ms) == 3) {
        *churn = (struct churn){.first = a, .count = b, .every = (uint64_t)(ms * 1e6)};
        run_hold(load, 0);
    } else if (sscanf(line, "window %u %u %lf %lf", &a, &b, &x, &ms) == 4)
        run_writers(load, (struct pace){.upto = b, .window = a, .send_ns = (uint64_t)(x * 1e6)}, ms,
                    churn);
    else if (sscanf(line, "paced %lf %u %u %lf", &x, &a, &b, &ms) == 4 && a)
        run_writers(load, (struct pace){.upto = b, .rate = x, .clump = a}, ms, churn);
    else if (sscanf(line, "hold %lf", &ms) == 1) run_hold(load, ms);
    else return false;
    return true;
}

int main(int argc, char **argv) {
    struct load load = {.dump_client = -1};
    struct churn churn = {0};
    struct epoll_event timer = {.events = EPOLLIN, .data.u64 = (uint64_t)TIMER};
    char line[MAX_LINE];
    if (argc != 4) return 2;
    load.port = atoi(argv[1]);
    load.wants_sync = argv[2][0] == '1';
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    load.buffer = malloc(64 * 1024 * 1024);
    if (load.epoll < 0 || load.timer < 0 || !load.buffer) die("start");
    epoll_ctl(load.epoll, EPOLL_CTL_ADD, load.timer, &timer);
    read_table(&load, argv[3]);
    /* Between commands nobody answers pings: a driver that pauses says "hold". */
    while (fgets(line, sizeof line, stdin))
        if (!command(&load, &churn, line)) die(line);
    return 0;
}
