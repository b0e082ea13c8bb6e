#ifndef MEMDB_BINDING_CONSTANTS_H_
#define MEMDB_BINDING_CONSTANTS_H_

#include <napi.h>

namespace memdb {

// The numbers that the binding and lib/engine must agree on, under the names that they have there:
// an object of objects. A test compares each.
Napi::Object Constants(Napi::Env env);

}  // namespace memdb

#endif  // MEMDB_BINDING_CONSTANTS_H_
