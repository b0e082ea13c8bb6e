// Runs the tests whose names contain one of the arguments; without arguments, all.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <vector>

#include "check.h"
#include "core/page_supply.h"
#include "core/reclaimer.h"
#include "threads.h"

namespace memdb::test {

namespace {

struct Test {
  const char* name;
  Function function;
};

std::vector<Test>& Tests() {
  static auto* const tests = new std::vector<Test>;
  return *tests;
}

const char* running = "";
uint64_t seed = 0;

uint64_t ChooseSeed() {
  if (const char* given = std::getenv("MEMDB_SEED")) return std::strtoull(given, nullptr, 0);
  return std::random_device{}();
}

bool Wanted(const char* name, int argc, char** argv) {
#if defined(MEMDB_PLANT_RACE)
  if (argc == 1) return std::string_view(name).find("planted") != std::string_view::npos;
#endif
  bool wanted = argc == 1;
  for (int i = 1; i < argc; i++) {
    wanted = wanted || std::string_view(name).find(argv[i]) != std::string_view::npos;
  }
  return wanted;
}

}  // namespace

Registration::Registration(const char* name, Function function) {
  Tests().push_back({name, function});
}

void Fail(const char* file, int line, const std::string& what) {
  std::printf("FAILED %s\n  %s:%d: %s\n  repeat with MEMDB_SEED=%llu\n", running, file, line,
              what.c_str(), static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  // At once: other threads of the test may be running still.
  std::_Exit(1);
}

void Note(const std::string& text) {
  std::printf("        %s\n", text.c_str());
}

}  // namespace memdb::test

int main(int argc, char** argv) {
  using namespace memdb::test;
  using Clock = std::chrono::steady_clock;
  seed = ChooseSeed();
  std::printf("seed %llu (MEMDB_SEED repeats one)\n", static_cast<unsigned long long>(seed));
  int count = 0;
  for (const Test& test : Tests()) {
    if (!Wanted(test.name, argc, argv)) continue;
    running = test.name;
    Random random = Random::For(seed, test.name);
    const auto start = Clock::now();
    test.function(random);
    memdb::Reclaimer::Instance().Stop();
    // Memory that is still being given back must not count in the next test.
    WaitUntil("all memory got ready is given back",
              [] { return memdb::PageSupply::pieces() == 0; });
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    std::printf("%5lld ms %s\n", static_cast<long long>(took.count()), test.name);
    std::fflush(stdout);
    count++;
  }
  if (count == 0) std::printf("no test has such a name\n");
  std::printf("%d tests passed\n", count);
  return count == 0 ? 1 : 0;
}
