/* Shifts the wall clock of one process and its children, and nothing else: preloaded, by the nanoseconds that stand in a file.
   The monotonic clock goes on, as it does when somebody sets a machine's clock. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
/* No machine has been up for so many seconds: above it, a deadline is one of the wall clock. */
#define NO_UPTIME 1000000000LL

static const volatile int64_t *offset;

__attribute__((constructor)) static void open_offset(void) {
    int file = open(getenv("WALL_CLOCK_OFFSET"), O_RDONLY | O_CLOEXEC);
    void *page = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (page == MAP_FAILED) abort();
    close(file);
    offset = page;
}

static void shift(struct timespec *at, int64_t by) {
    int64_t whole = at->tv_sec * SECOND + at->tv_nsec + by;
    at->tv_sec = whole / SECOND;
    at->tv_nsec = whole % SECOND;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (!failed && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) shift(now, *offset);
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec at;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &at);
    now->tv_sec = at.tv_sec;
    now->tv_usec = at.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    if (now) *now = at.tv_sec;
    return at.tv_sec;
}

/* The kernel knows nothing of the shift: a deadline by the shifted clock is told to it by its own. */
static clockid_t kernels(struct timespec *deadline) {
    if (deadline->tv_sec < NO_UPTIME) return CLOCK_MONOTONIC;
    shift(deadline, -*offset);
    return CLOCK_REALTIME;
}

int pthread_cond_timedwait(pthread_cond_t *restrict c, pthread_mutex_t *restrict m, const struct timespec *restrict at) {
    struct timespec deadline = *at;
    clockid_t clock = kernels(&deadline);
    return pthread_cond_clockwait(c, m, clock, &deadline);
}

int sem_timedwait(sem_t *restrict s, const struct timespec *restrict at) {
    struct timespec deadline = *at;
    clockid_t clock = kernels(&deadline);
    return sem_clockwait(s, clock, &deadline);
}
