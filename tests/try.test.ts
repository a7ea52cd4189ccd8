import { expect, test } from "vitest";
process.env["VK_DRIVER_FILES"] = "/usr/lib/chromium/vk_swiftshader_icd.json";
process.env["XDG_RUNTIME_DIR"] = "/tmp";
import { openGpu } from "/work/wt/webgpu/src/engines/webgpu/device.ts";
import { webgpuEngine } from "/work/wt/webgpu/src/engines/webgpu/index.ts";
import { ReferenceEngine } from "/work/wt/webgpu/src/engines/reference/index.ts";
import { SyncedMem } from "/work/wt/webgpu/src/syncedmem/synced-mem.ts";
const filled = (n: number, s: number) => { const m = new SyncedMem(n); const a = m.overwriteCpu(); for (let i=0;i<n;i++) a[i] = Math.sin(i*1.7+s); return m; };
test("ip", async () => {
  const gpu = await openGpu({ isTiled: process.env["TILED"] === "1",without: process.env["NOSUB"] ? ["subgroups"] : []});
  const engine = webgpuEngine(gpu, "ip1"), ref = new ReferenceEngine();
  const out: string[] = [];
  for (const [m,k,n,transpose] of [[3,7,5,false],[8,800,500,false],[70,33,65,true],[1,300,20,false]] as const) {
    const d = { input: [m,k], outputs: n, hasBias: true, transpose };
    const [o, r] = [engine.innerProduct!(d), ref.innerProduct(d)];
    const [x,w,b,dy] = [filled(m*k,1), filled(n*k,2), filled(n,3), filled(m*n,4)];
    const go = async (op: typeof o) => { const [y,dx,dw,db] = [m*n,m*k,n*k,n].map(c=>new SyncedMem(c)) as [SyncedMem,SyncedMem,SyncedMem,SyncedMem];
      op.forward(x,w,b,y); op.backwardData(dy,w,dx); op.backwardWeights(x,dy,dw,db); op.backwardWeights(x,dy,dw,db);
      for (const q of [y,dx,dw,db]) await q.toHost(); return [y,dx,dw,db].map(q=>q.cpu()); };
    await go(o);
    const t0=performance.now(); const got = await go(o); const t1 = performance.now();
    const want = await go(r);
    let worst=0; got.forEach((g,i)=>g.forEach((v,j)=>{worst=Math.max(worst,Math.abs(v-want[i]![j]!));}));
    out.push(`${m} ${k} ${n}: worst ${worst} ${(t1-t0).toFixed(1)} ms, ${(8*m*k*n/1e6/(t1-t0)).toFixed(2)} GFLOP/s`);
    expect(worst).toBeLessThan(1e-3);
  }
  process.stdout.write(out.join("\n")+"\n"+JSON.stringify(gpu.traffic)+"\n");
  await gpu.settled;
  gpu.close();
});
