// Many WebSocket clients on one core: counts what comes in, and how late. See __main__.py for what it is told.
// usage: load PORT CONNECTIONS PATH SUBSCRIBE MARKER BINARY   (SUBSCRIBE may be empty; \r and \n are written \\r, \\n)
// prints "ready"; at the end of its input it prints one JSON line with what it heard.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SAMPLED 16            /* one connection in so many has every event timed */
#define MOST_TIMES 4000000
#define TAIL 64               /* a marker and its number fit in it */

struct client { int fd, tail, opened, sampled; long events, last, disorder; char rest[TAIL]; };

static struct client *clients;
static double *times;
static long timed, bytes_in;
static char buffer[1 << 20];

static double now_ns(void) { struct timespec t; clock_gettime(CLOCK_REALTIME, &t); return t.tv_sec * 1e9 + t.tv_nsec; }
static int by_value(const void *a, const void *b) { double x = *(double *)a, y = *(double *)b; return (x > y) - (x < y); }

static void send_text(int fd, const char *text, int binary) {
  unsigned char frame[2048]; size_t size = strlen(text), head = 6;
  frame[0] = binary ? 0x82 : 0x81;
  if (size < 126) frame[1] = 0x80 | size;
  else { frame[1] = 0x80 | 126; frame[2] = size >> 8; frame[3] = size & 255; head = 8; }
  memset(frame + head - 4, 0, 4);  /* a mask of zeros is a mask */
  memcpy(frame + head, text, size);
  if (write(fd, frame, head + size) < 0) perror("write");
}

static void unescape(char *out, const char *in) {
  for (; *in; in++, out++) {
    if (in[0] == '\\' && in[1] == 'r') { *out = '\r'; in++; }
    else if (in[0] == '\\' && in[1] == 'n') { *out = '\n'; in++; }
    else *out = *in;
  }
  *out = 0;
}

/* Count the events in what came in; of a sampled client also check their order and time them. */
static void take(struct client *c, char *data, size_t size, const char *marker, size_t length, double at) {
  char *end = data + size, *from = data;
  for (char *found; (found = memmem(from, end - from, marker, length)); from = found + length) {
    if (end - found < TAIL - 1) break;           /* the number may be cut off: look again with what follows */
    c->events++;
    if (c->sampled) {
      long number = strtol(found + length, NULL, 10);
      if (c->events > 1 && number != c->last + 1) c->disorder++;
      c->last = number;
      char *stamp = memmem(found, end - found < 200 ? end - found : 200, "\"t\":", 4);
      if (stamp && timed < MOST_TIMES) times[timed++] = at - strtod(stamp + 4, NULL);
    }
  }
  size_t left = end - from;
  c->tail = left < TAIL ? left : TAIL;
  memcpy(c->rest, end - c->tail, c->tail);
}

static void hear(int fd, char *data, size_t size, const char *marker) {
  if (size > 400) return;
  if (memmem(data, size, "\"type\":\"ping\"", 13)) send_text(fd, "{\"type\":\"pong\"}", 0);
  else if (size < 16 && memmem(data, size, "\x01" "2", 2)) send_text(fd, "3", 0);  /* engine.io's ping */
  else if (memmem(data, size, "PING\r\n", 6)) send_text(fd, "PONG\r\n", 1);
}

int main(int argc, char **argv) {
  if (argc < 7) return 2;
  int port = atoi(argv[1]), n = atoi(argv[2]), binary = atoi(argv[6]);
  const char *path = argv[3], *marker = argv[5];
  char subscribe[1024]; unescape(subscribe, argv[4]);
  size_t length = strlen(marker);
  struct rlimit most; getrlimit(RLIMIT_NOFILE, &most); most.rlim_cur = most.rlim_max; setrlimit(RLIMIT_NOFILE, &most);
  clients = calloc(n, sizeof *clients); times = malloc(MOST_TIMES * sizeof *times);
  int poll = epoll_create1(0);
  for (int i = 0; i < n; i++) {
    struct client *c = clients + i;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f000001)};
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    c->sampled = i % SAMPLED == 0;
    if (connect(c->fd, (void *)&to, sizeof to)) { perror("connect"); return 1; }
    char ask[1024];
    int size = snprintf(ask, sizeof ask, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", path, port);
    if (write(c->fd, ask, size) != size) { perror("write"); return 1; }
    ssize_t got = read(c->fd, buffer, 65536);
    if (got < 12 || memcmp(buffer, "HTTP/1.1 101", 12)) { fprintf(stderr, "no upgrade: %.*s\n", got > 200 ? 200 : (int)got, buffer); return 1; }
    if (*subscribe) send_text(c->fd, subscribe, binary);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event wish = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &wish);
  }
  struct epoll_event input = {.events = EPOLLIN, .data.u32 = 0xffffffff};
  epoll_ctl(poll, EPOLL_CTL_ADD, 0, &input);
  puts("ready"); fflush(stdout);
  struct epoll_event found[512];
  int lost = 0;
  for (int on = 1; on;) {
    int some = epoll_wait(poll, found, 512, -1);
    double at = now_ns();
    for (int i = 0; i < some; i++) {
      if (found[i].data.u32 == 0xffffffff) { on = 0; continue; }
      struct client *c = clients + found[i].data.u32;
      memcpy(buffer, c->rest, c->tail);
      ssize_t got = read(c->fd, buffer + c->tail, sizeof buffer - TAIL - 1);
      if (got <= 0) { if (got == 0 || errno != EAGAIN) { lost++; epoll_ctl(poll, EPOLL_CTL_DEL, c->fd, NULL); } continue; }
      bytes_in += got;
      hear(c->fd, buffer + c->tail, got, marker);
      take(c, buffer, c->tail + got, marker, length, at);
    }
  }
  long events = 0, least = -1, greatest = 0, disorder = 0;
  for (int i = 0; i < n; i++) {
    /* what is left in the tail is a last event whose number was whole after all */
    struct client *c = clients + i;
    if (memmem(c->rest, c->tail, marker, length)) c->events++;
    events += c->events; disorder += c->disorder;
    if (least < 0 || c->events < least) least = c->events;
    if (c->events > greatest) greatest = c->events;
  }
  qsort(times, timed, sizeof *times, by_value);
  printf("{\"deliveries\": %ld, \"least\": %ld, \"greatest\": %ld, \"disorder\": %ld, \"lost\": %d, \"bytes\": %ld, \"timed\": %ld, "
    "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n", events, least, greatest, disorder, lost, bytes_in, timed,
    timed ? times[timed / 2] / 1e6 : -1, timed ? times[timed * 99 / 100] / 1e6 : -1, timed ? times[timed - 1] / 1e6 : -1);
  return 0;
}
