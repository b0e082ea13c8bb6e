// Symbols that the standard library of the build uses and that of older systems lacks. Both are
// hidden: each binary uses its own, and other code in the process does not see it. Together with
// condition.h they let a binary run on glibc 2.17 and libstdc++ of GCC 7.

#if defined(__linux__)

#include <new>

#if defined(__GLIBC__)
// If this is 0, reference counts always change atomically (glibc 2.32).
extern "C" __attribute__((visibility("hidden"))) char __libc_single_threaded;
char __libc_single_threaded = 0;
#endif

#if defined(__GLIBCXX__)
// A directive, because the header has declared it as visible (GLIBCXX_3.4.29).
__asm__(".hidden _ZSt28__throw_bad_array_new_lengthv");

namespace std {
void __throw_bad_array_new_length() {
  throw std::bad_array_new_length();
}
}  // namespace std
#endif

#endif
