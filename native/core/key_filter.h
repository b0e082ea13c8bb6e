#ifndef MEMDB_CORE_KEY_FILTER_H_
#define MEMDB_CORE_KEY_FILTER_H_

#include <cstdint>
#include <span>
#include <vector>

namespace memdb {

// Passes the stored keys whose first parts are those of a prefix. No part is the beginning of
// another one. So the parts of a key begin with those of the prefix if their bytes do.
class KeyFilter {
 public:
  // `form` is what `prefixForm` in lib/record/encoding.ts returns. An empty one passes every key.
  explicit KeyFilter(std::span<const uint8_t> form);
  bool Passes(std::span<const uint8_t> key) const;

 private:
  const bool all_;
  // Whether a key in the binary form can have the prefix.
  bool has_binary_ = false;
  // The parts in the binary form; the head of a private form, and the parts in it.
  std::vector<uint8_t> binary_;
  std::vector<uint8_t> head_;
  std::vector<uint8_t> private_;
};

}  // namespace memdb

#endif  // MEMDB_CORE_KEY_FILTER_H_
