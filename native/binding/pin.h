#ifndef MEMDB_BINDING_PIN_H_
#define MEMDB_BINDING_PIN_H_

namespace memdb {

// Keeps this binary in memory until the process ends. Node unloads an addon
// when the last thread that loaded it ends, which may be while that thread, or
// one that waits on a lock, still returns through it.
void PinBinary();

}  // namespace memdb

#endif  // MEMDB_BINDING_PIN_H_
