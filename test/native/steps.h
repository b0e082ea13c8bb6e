#ifndef MEMDB_TEST_STEPS_H_
#define MEMDB_TEST_STEPS_H_

#include <cstdint>

#include "core/entry.h"

namespace memdb::test {

// How many entries the core looks up while `work` runs in this thread. Tests bound the
// work of an operation by this count, which is the same on every machine.
template <typename Work>
uint64_t StepsOf(Work&& work) {
  const uint64_t before = entry_steps;
  work();
  return entry_steps - before;
}

}  // namespace memdb::test

#endif  // MEMDB_TEST_STEPS_H_
