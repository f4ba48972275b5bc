//===- AllocationMeter.cpp - What a piece of code allocates ----*- C++ -*-===//
//
// glibc exports its allocator under a second set of names for this purpose.
//
//===----------------------------------------------------------------------===//
#include "AllocationMeter.h"
#include <atomic>
#include <malloc.h>

using namespace quern::test;

static std::atomic<size_t> live, highest;

AllocationMeter::AllocationMeter() : before(live) { highest = before; }
size_t AllocationMeter::peak() const {
  size_t most = highest;
  return most < before ? 0 : most - before;
}

#if defined(__SANITIZE_ADDRESS__)
#define QUERN_OTHER_MALLOC
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define QUERN_OTHER_MALLOC
#endif
#endif

#ifndef QUERN_OTHER_MALLOC
static void *count(void *block) {
  size_t now = live += malloc_usable_size(block);
  size_t seen = highest;
  while (seen < now && !highest.compare_exchange_weak(seen, now))
    ;
  return block;
}

static void uncount(void *block) { live -= malloc_usable_size(block); }

extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

void *malloc(size_t size) { return count(__libc_malloc(size)); }
void *calloc(size_t n, size_t size) { return count(__libc_calloc(n, size)); }
void *realloc(void *block, size_t size) {
  size_t old = malloc_usable_size(block);
  void *moved = __libc_realloc(block, size);
  if (moved || size == 0)
    live -= old;
  return count(moved);
}
void *memalign(size_t alignment, size_t size) {
  return count(__libc_memalign(alignment, size));
}
void *aligned_alloc(size_t alignment, size_t size) {
  return memalign(alignment, size);
}
int posix_memalign(void **out, size_t alignment, size_t size) {
  *out = memalign(alignment, size);
  return *out ? 0 : 12; // ENOMEM
}
void free(void *block) {
  uncount(block);
  __libc_free(block);
}
}
#endif
