#ifndef MEMDB_CORE_STORE_ID_H_
#define MEMDB_CORE_STORE_ID_H_

#include <array>
#include <cstdint>

namespace memdb {

// Names a store. Half of it is random; the other half follows from that and a secret of the
// process. So it is known of any id whether a store of this process has or had it.
using StoreId = std::array<uint32_t, 4>;

// Throws std::runtime_error if there is no randomness.
StoreId NewStoreId();

// Whether NewStoreId returned it, in this process.
bool IsOfThisProcess(const StoreId& id);

}  // namespace memdb

#endif  // MEMDB_CORE_STORE_ID_H_
