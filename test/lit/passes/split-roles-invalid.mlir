// A linear whose arithmetic was not decided cannot be split.
// RUN: quern-opt %s --quern-split-roles --verify-diagnostics

func.func @forward(%x: tensor<?x32xf32>, %w: !quern.weight<32 x 32, "q4_1">) -> tensor<?x32xf32> {
  // expected-error @below {{'quern.linear' op requires an arithmetic}}
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, !quern.weight<32 x 32, "q4_1">) -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}
