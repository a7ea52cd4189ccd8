// Functions of math.h in the vector forms of libmvec, which -ffast-math alone would declare. Where the C library has none
// (musl, macOS, Windows, and some of them before glibc 2.35) they are called one by one.
#pragma once

#include <math.h>

#if defined(__GLIBC__) && defined(__x86_64__) && !defined(__clang__)
extern "C" {
#pragma omp declare simd notinbranch
float expf(float) noexcept;
#pragma omp declare simd notinbranch
float logf(float) noexcept;
#pragma omp declare simd notinbranch
float powf(float, float) noexcept;
#pragma omp declare simd notinbranch
float sinf(float) noexcept;
#pragma omp declare simd notinbranch
float cosf(float) noexcept;
#if __GLIBC_PREREQ(2, 35)
#pragma omp declare simd notinbranch
float expm1f(float) noexcept;
#pragma omp declare simd notinbranch
float log1pf(float) noexcept;
#pragma omp declare simd notinbranch
float tanhf(float) noexcept;
#endif
}
#endif
