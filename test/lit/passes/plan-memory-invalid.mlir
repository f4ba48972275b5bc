// Limits of a plan.
// RUN: quern-opt %s --quern-plan-memory=context=0 --verify-diagnostics
// RUN: quern-opt %s --quern-plan-memory=context=16777217 --verify-diagnostics
// RUN: quern-opt %s --quern-plan-memory=max-batch=0 --verify-diagnostics
// RUN: quern-opt %s --quern-plan-memory=max-batch=4097 --verify-diagnostics
// RUN: quern-opt %s --quern-plan-memory=chunk=-1 --verify-diagnostics
// RUN: quern-opt %s --quern-plan-memory=chunk=65537 --verify-diagnostics

// expected-error @below {{requires context, max-batch and chunk within their limits}}
module {
}
