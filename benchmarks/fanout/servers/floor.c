// The floor: one epoll loop in C that frames an event once and, for each connection, makes one write for all that is
// pending. It checks nothing and answers nothing; told "RATE BURST SECONDS" on its input it publishes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAD 200
static int line[20000], live, epoll;
static char pending[1 << 24];
static size_t size;
static const char *ANSWER = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
  "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";  /* for the one key that load.c sends */

static long long now_ns(void) { struct timespec t; clock_gettime(CLOCK_REALTIME, &t); return t.tv_sec * 1000000000LL + t.tv_nsec; }

static void publish(long number) {
  char text[512];
  int length = snprintf(text, sizeof text, "{\"type\":\"event\",\"channel\":\"events\",\"data\":{\"n\":%ld,\"t\":%lld,\"pad\":\"%0*d\"}}", number, now_ns(), PAD, 0);
  unsigned char head[4] = {0x81, 126, length >> 8, length & 255};
  memcpy(pending + size, head, 4); memcpy(pending + size + 4, text, length); size += 4 + length;
}

static void flush(void) {
  for (int i = 0; i < live; i++) {
    size_t sent = 0;
    while (sent < size) {
      ssize_t some = write(line[i], pending + sent, size - sent);
      if (some >= 0) sent += some;
      else if (errno == EAGAIN) usleep(50);
      else { line[i--] = line[--live]; break; }  /* it is gone */
    }
  }
  size = 0;
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  struct rlimit most; getrlimit(RLIMIT_NOFILE, &most); most.rlim_cur = most.rlim_max; setrlimit(RLIMIT_NOFILE, &most);
  int door = socket(AF_INET, SOCK_STREAM, 0); struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
  socklen_t length = sizeof at; bind(door, (void *)&at, length); listen(door, 4096); getsockname(door, (void *)&at, &length);
  printf("%d\n", ntohs(at.sin_port)); fflush(stdout);
  epoll = epoll_create1(0);
  struct epoll_event wish = {.events = EPOLLIN, .data.fd = door}; epoll_ctl(epoll, EPOLL_CTL_ADD, door, &wish);
  wish.data.fd = 0; epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &wish);
  double rate = 0, until = 0, began = 0; int burst = 1; long number = 0, told = 0; char text[65536];
  for (;;) {
    struct epoll_event found[256];
    int some = epoll_wait(epoll, found, 256, rate ? 1 : -1);
    for (int i = 0; i < some; i++) {
      int fd = found[i].data.fd;
      if (fd == door) { int one = accept4(door, NULL, NULL, SOCK_NONBLOCK); wish.data.fd = one; wish.events = EPOLLIN; epoll_ctl(epoll, EPOLL_CTL_ADD, one, &wish); line[live++] = one; }
      else if (fd == 0) {
        double seconds; if (!fgets(text, sizeof text, stdin)) return 0;
        if (sscanf(text, "%lf %d %lf", &rate, &burst, &seconds) == 3) { began = now_ns() / 1e9; until = began + seconds; number = 0; }
      } else { ssize_t got = read(fd, text, sizeof text); if (got > 3 && !memcmp(text, "GET", 3)) { if (write(fd, ANSWER, strlen(ANSWER)) < 0) return 1; } else if (got <= 0) epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL); }
    }
    if (!rate) continue;
    double now = now_ns() / 1e9;
    while (number < (long)((now < until ? now : until) - began > 0 ? ((now < until ? now : until) - began) * rate / burst : 0) * burst) publish(number++);
    if (size) flush();
    if (now >= until) { rate = 0; told = number; printf("done %ld\n", told); fflush(stdout); }
  }
}
