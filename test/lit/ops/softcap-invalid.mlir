// A cap is a positive number.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

func.func @softcap_c1(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires a positive cap}}
  %y = quern.softcap %x at 0.0 : tensor<?x576xf32>
  return
}

// -----

func.func @softcap_c1_negative(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires a positive cap}}
  %y = quern.softcap %x at -30.0 : tensor<?x576xf32>
  return
}

// -----

func.func @softcap_c1_nan(%x: tensor<?x576xf32>) {
  // expected-error @below {{requires a positive cap}}
  %y = quern.softcap %x at 0x7FC00000 : tensor<?x576xf32>
  return
}
