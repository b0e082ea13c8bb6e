#ifndef MEMDB_TEST_CHECK_H_
#define MEMDB_TEST_CHECK_H_

#include <sstream>
#include <string>

#include "random.h"

namespace memdb::test {

// A test that main.cc runs: TEST("what holds") { ... }. In its body `random` is
// seeded from the run's seed and the test's name.
#define TEST(name) MEMDB_TEST(name, __LINE__)

// Ends the process, with a message that says where, unless the condition holds.
// From any thread.
#define CHECK(condition) \
  ((condition) ? void() : ::memdb::test::Fail(__FILE__, __LINE__, #condition))

// The same for two values that must be equal; prints both.
#define CHECK_EQ(a, b) ::memdb::test::CheckEqual(__FILE__, __LINE__, #a " == " #b, (a), (b))

// How many rounds of something to run: fewer under a sanitizer, which is slow.
constexpr int Rounds(int plain);

using Function = void (*)(Random& random);

struct Registration {
  Registration(const char* name, Function function);
};

[[noreturn]] void Fail(const char* file, int line, const std::string& what);

// Adds a line about the test under way to the output.
void Note(const std::string& text);

template <typename A, typename B>
void CheckEqual(const char* file, int line, const char* what, const A& a, const B& b) {
  if (a == b) return;
  std::ostringstream text;
  text << what;
  if constexpr (requires { text << a << b; }) text << ": " << a << ", " << b;
  Fail(file, line, text.str());
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

constexpr int Rounds(int plain) {
  return kSanitized ? (plain + 7) / 8 : plain;
}

#define MEMDB_TEST(name, line) MEMDB_TEST_AT(name, line)
#define MEMDB_TEST_AT(name, line)                                                    \
  static void Test##line(::memdb::test::Random&);                                    \
  static const ::memdb::test::Registration registered_test_##line(name, Test##line); \
  static void Test##line([[maybe_unused]] ::memdb::test::Random& random)

}  // namespace memdb::test

#endif  // MEMDB_TEST_CHECK_H_
