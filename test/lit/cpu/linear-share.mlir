// Workers share whole groups of panels, which the tile wants, or panels where there are
// fewer groups than workers. 10 panels, 4 at a time: 3 groups.
// RUN: quern-opt %s --quern-cpu-lower-kernels=mcpu=x86-64-v4 --canonicalize --cse | FileCheck %s
// RUN: quern-opt %s --quern-cpu-lower-kernels=mcpu=x86-64-v3 --canonicalize --cse | FileCheck %s --check-prefix=ONE

#floats = #quern.group<codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 0>

// CHECK: func.func @k({{.*}}, %[[N:[^:,]+]]: i64)
// CHECK-SAME: quern.tile = "6 rows x 4 panels, decoded for 512 rows"
// CHECK-DAG: %[[THREE:[^ ]+]] = arith.constant 3 : index
// CHECK-DAG: %[[TEN:[^ ]+]] = arith.constant 10 : index
// CHECK-DAG: %[[WORKERS:[^ ]+]] = arith.index_cast %[[N]]
// CHECK: %[[FEW:[^ ]+]] = arith.cmpi ugt, %[[WORKERS]], %[[THREE]]
// CHECK: arith.minui %{{.*}}, %[[TEN]]
// CHECK: arith.select %[[FEW]]
// CHECK: arith.select %[[FEW]]
// ONE: func.func @k
// ONE-SAME: quern.tile = "6 rows x 1 panel, decoded for 512 rows"
// ONE-NOT: arith.select
quern.kernel @k role prompt rows step {
^bb0(%x: tensor<?x32xf32>, %w: !quern.panels<160 x 32, #floats>):
  %0 = quern.linear %x, %w : (tensor<?x32xf32>, !quern.panels<160 x 32, #floats>) -> tensor<?x160xf32>
  quern.yield %0 : tensor<?x160xf32>
}
