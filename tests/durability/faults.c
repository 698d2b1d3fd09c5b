/* Calls on files whose path holds a word, counted, and one of them made to fail; stands before the C library
   (LD_PRELOAD). What is counted lives in shared memory, so that a process that forked another sees how it ended. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum { READ = 1, WRITE = 2, SYNC = 4 };

struct state {
    atomic_int left;    /* calls until the one that fails; 0: none */
    atomic_int kinds;   /* which kinds are counted */
    atomic_int error;   /* what the call that fails tells */
    atomic_int lasting; /* whether all calls of these kinds fail from then on */
    atomic_int failed;  /* calls that failed */
    atomic_int unsynced; /* whether a sync failed */
    atomic_int after;   /* writes and syncs after a sync that failed */
};

static struct state *state;
static const char *word = "";
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
    state = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

void faults_watch(const char *path) { word = strdup(path); }

void faults_arm(int nth, int kinds, int error, int lasting) {
    state->left = 0;
    state->kinds = kinds;
    state->error = error;
    state->lasting = lasting;
    state->failed = state->unsynced = state->after = 0;
    state->left = nth;
}

int faults_failed(void) { return state->failed; }
int faults_after(void) { return state->after; }

static int is_watched(int fd) {
    char link[64], path[1024];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return 0;
    path[size] = 0;
    return strstr(path, word) != NULL;
}

static int counted(int kind) {
    if (state->unsynced && kind != READ) state->after++;
    if (!state->left || !(state->kinds & kind)) return 0;
    if (state->left > 1) {
        state->left--;
        return 0;
    }
    state->left = state->lasting ? 1 : 0;
    state->failed++;
    if (kind == SYNC) state->unsynced = 1;
    return 1;
}

static int fails(int fd, int kind) {
    if (!*word || (!state->left && !state->unsynced)) return 0;
    int kept = errno, failed = 0;
    if (is_watched(fd)) {
        pthread_mutex_lock(&one_at_a_time);
        failed = counted(kind);
        pthread_mutex_unlock(&one_at_a_time);
    }
    errno = failed ? state->error : kept;
    return failed;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define STAND_BEFORE(kind, type, name, parameters, ...)        \
    type name parameters {                                     \
        static __typeof__(&name) next;                         \
        if (!next) next = NEXT(name);                          \
        return fails(fd, kind) ? (type)-1 : next(__VA_ARGS__); \
    }

STAND_BEFORE(READ, ssize_t, pread, (int fd, void *to, size_t size, off_t at), fd, to, size, at)
STAND_BEFORE(READ, ssize_t, pread64, (int fd, void *to, size_t size, off64_t at), fd, to, size, at)
STAND_BEFORE(READ, ssize_t, read, (int fd, void *to, size_t size), fd, to, size)
STAND_BEFORE(WRITE, ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at), fd, from, size, at)
STAND_BEFORE(WRITE, ssize_t, pwrite64, (int fd, const void *from, size_t size, off64_t at), fd, from, size, at)
STAND_BEFORE(WRITE, ssize_t, write, (int fd, const void *from, size_t size), fd, from, size)
STAND_BEFORE(WRITE, int, ftruncate, (int fd, off_t size), fd, size)
STAND_BEFORE(WRITE, int, ftruncate64, (int fd, off64_t size), fd, size)
STAND_BEFORE(SYNC, int, fsync, (int fd), fd)
STAND_BEFORE(SYNC, int, fdatasync, (int fd), fd)
