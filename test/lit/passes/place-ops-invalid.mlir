// RUN: not quern-opt %s --quern-place-ops="tensors=token_embd" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not quern-opt %s --quern-place-ops="tensors=token_embd=2" 2>&1 | FileCheck %s --check-prefix=TWO
// RUN: not quern-opt %s --quern-place-ops="tensors=token_embd=cpu" 2>&1 | FileCheck %s --check-prefix=WORD
// RUN: not quern-opt %s --quern-place-ops="tensors=token_[=1" 2>&1 | FileCheck %s --check-prefix=GLOB
// RUN: not quern-opt %s --quern-place-ops="tensors=token_embd=1,embd=0" 2>&1 | FileCheck %s --check-prefix=UNUSED
// NONE: error: requires PATTERN=DEVICE, of device 0 or 1, not 'token_embd'
// TWO: error: requires PATTERN=DEVICE, of device 0 or 1, not 'token_embd=2'
// WORD: error: requires PATTERN=DEVICE, of device 0 or 1, not 'token_embd=cpu'
// GLOB: error: requires another pattern than 'token_[': invalid glob pattern, unmatched '['
// UNUSED: error: no tensor's name matches 'embd'
quern.weight @token_embd : !quern.weight<64 x 32, "q8_0">
func.func @forward(%tokens: tensor<?xi32>) -> tensor<?x32xf32> {
  %e = quern.get @token_embd : !quern.weight<64 x 32, "q8_0">
  %0 = quern.embed %tokens, %e : (tensor<?xi32>, !quern.weight<64 x 32, "q8_0">) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}
