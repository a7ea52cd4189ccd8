// Memory that the ranks of one machine see, and the numbers by which they tell one another how far they are.
#pragma once

#include <napi.h>

void InitShared(Napi::Env env, Napi::Object exports);
