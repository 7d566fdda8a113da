using System.Runtime.InteropServices;
using AutonomOS.Tenants;
using StackExchange.Redis;

namespace AutonomOS.Storage;

/// <summary>
/// What a tenant's slot tells a pool's ready index: absolute facts with a stamp, as made by <c>note</c> in
/// <c>prelude.lua</c>. The index keeps the newest stamp, so notes may be lost, repeated and overtaken.
/// </summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Pool">The pool.</param>
/// <param name="Stamp">Rises with each note of the tenant and pool.</param>
/// <param name="Runnable">Active, with work queued in the pool and a free slot.</param>
/// <param name="ServedUs">Slot time charged in the pool so far, in microseconds.</param>
/// <param name="Weight">The tenant's weight.</param>
/// <param name="EstimateUs">Slot time expected of its next job, in microseconds.</param>
/// <param name="Room">Jobs it could start now.</param>
/// <param name="Held">Slots it holds, over all pools.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TenantNote(
    TenantId Tenant, string Pool, long Stamp, bool Runnable, long ServedUs, int Weight, long EstimateUs, long Room, long Held)
{
    internal static IEnumerable<TenantNote> Read(TenantId tenant, RedisResult notes)
    {
        foreach (var note in (RedisResult[]?)notes ?? [])
        {
            var f = (RedisResult[])note!;
            yield return new TenantNote(
                tenant, (string)f[0]!, (long)f[1], (string)f[2]! == "1", (long)f[3], (int)f[4], (long)f[5], (long)f[6], (long)f[7]);
        }
    }

    internal void AddTo(List<RedisValue> args) =>
        args.AddRange([Tenant.Value, Stamp, Runnable ? "1" : "0", ServedUs, Weight, EstimateUs, Room, Held]);
}
