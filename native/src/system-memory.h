// Memory as the system gives it, on POSIX systems and on Windows.
#pragma once

#include <cstddef>
#include <cstdlib>

#if defined(_WIN32)
#include <malloc.h>
#include <windows.h>
#else
#include <sys/mman.h>
#endif

namespace caffe {

// Memory that begins at a cache line; nullptr where none is left.
inline void* allocate_lines(size_t bytes) {
#if defined(_WIN32)
  return _aligned_malloc(bytes ? bytes : 64, 64);
#else
  return std::aligned_alloc(64, bytes ? bytes : 64);
#endif
}

inline void free_lines(void* at) {
#if defined(_WIN32)
  _aligned_free(at);
#else
  std::free(at);
#endif
}

// Addresses that get memory where they are written. They do not count towards what the system has promised (on Windows they do):
// else a process could not fork that has reserved as much as the machine has.
inline void* reserve(size_t bytes) {
#if defined(_WIN32)
  return VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
#else
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
#endif
}

inline void release(void* at, size_t bytes) {
#if defined(_WIN32)
  VirtualFree(at, 0, MEM_RELEASE);
  (void)bytes;
#else
  munmap(at, bytes);
#endif
}

// Asks for large pages under memory that has not been touched yet: one is given to who touches it first in the time of a few small ones.
// What the system has none for gets small ones.
inline void want_large_pages(void* at, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  madvise(at, bytes, MADV_HUGEPAGE);
#else
  (void)at;
  (void)bytes;
#endif
}

}  // namespace caffe
