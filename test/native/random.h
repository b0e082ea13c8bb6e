#ifndef MEMDB_TEST_RANDOM_H_
#define MEMDB_TEST_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace memdb::test {

// Numbers that look random and are the same for the same seed (splitmix64).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  // One for a part of the run, told apart by name or number.
  static Random For(uint64_t seed, std::string_view name) {
    for (const char c : name) seed = (seed ^ static_cast<uint8_t>(c)) * 0x100000001b3;
    return Random(seed);
  }
  Random Fork(uint64_t number) { return Random(Next() ^ number * 0x9e3779b97f4a7c15); }

  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 to n - 1.
  size_t Below(size_t n) { return static_cast<size_t>(Next() % n); }
  // Both included.
  size_t Between(size_t low, size_t high) { return low + Below(high - low + 1); }
  // True once in n.
  bool OneIn(size_t n) { return Below(n) == 0; }

  template <typename List>
  auto& Pick(List& list) {
    return list[Below(list.size())];
  }
  std::vector<uint8_t> Bytes(size_t size) {
    std::vector<uint8_t> bytes(size);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(Next());
    return bytes;
  }
  std::string Text(size_t size) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(Next());
    return text;
  }

 private:
  uint64_t state_;
};

}  // namespace memdb::test

#endif  // MEMDB_TEST_RANDOM_H_
