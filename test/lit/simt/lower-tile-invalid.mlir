// What bytes in memory may not be used for, said at the op.
// RUN: quern-opt %s --quern-simt-lower-tile --split-input-file --verify-diagnostics

gpu.module @both {
  gpu.func @both(%m: memref<?xi8>, %at: index) {
    // expected-error @below {{requires memory that is only stored to, in words}}
    %v = vector.load %m[%at] : memref<?xi8>, vector<4xi8>
    vector.store %v, %m[%at] : memref<?xi8>, vector<4xi8>
    gpu.return
  }
}

// -----

gpu.module @narrow {
  gpu.func @narrow(%m: memref<?xi8>, %at: index, %v: vector<2xi8>) {
    // expected-error @below {{requires memory that is only stored to, in words}}
    vector.store %v, %m[%at] : memref<?xi8>, vector<2xi8>
    gpu.return
  }
}

// -----

gpu.module @element {
  gpu.func @element(%m: memref<?xi8>, %at: index) -> i8 {
    // expected-error @below {{requires memory that is only loaded from}}
    %v = memref.load %m[%at] : memref<?xi8>
    gpu.return %v : i8
  }
}

// -----

gpu.module @whole {
  gpu.func @whole(%m: memref<?xi8>, %at: index) -> vector<8xi8> {
    %v = vector.load %m[%at] : memref<?xi8>, vector<8xi8>
    // expected-error @below {{requires slices of a load of more than a word}}
    gpu.return %v : vector<8xi8>
  }
}
