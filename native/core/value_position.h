#ifndef MEMDB_CORE_VALUE_POSITION_H_
#define MEMDB_CORE_VALUE_POSITION_H_

#include <cstddef>

namespace memdb {

// The first position from `position` on at which a value may be written. Values stand at multiples
// of 8, so that JavaScript can view them as numbers of any type.
constexpr size_t ValuePosition(size_t position) {
  constexpr size_t kAlignment = 8;
  return (position + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace memdb

#endif  // MEMDB_CORE_VALUE_POSITION_H_
