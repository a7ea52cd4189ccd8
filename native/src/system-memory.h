// Memory as the system gives it, on POSIX systems and on Windows.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <fstream>

#if defined(_WIN32)
#include <malloc.h>
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
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

// Whether the system counts what is reserved as if it were used, so that most of it is others' (Linux with vm.overcommit_memory of 2).
inline bool counts_reserved() {
#if defined(__linux__)
  std::ifstream file("/proc/sys/vm/overcommit_memory");
  int mode = 0;
  return (file >> mode) && mode == 2;
#else
  return false;
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

// Gives back whole pages of memory whose elements are of no use any more; the addresses stay, and get memory again where they are written.
inline void discard(void* at, size_t bytes) {
#if defined(__linux__)
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(at) + page - 1) / page * page;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(at) + bytes) / page * page;
  if (end > begin) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
#else
  (void)at;
  (void)bytes;
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
