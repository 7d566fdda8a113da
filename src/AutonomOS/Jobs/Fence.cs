namespace AutonomOS.Jobs;

/// <summary>What a lease hands out and every transition demands back, compared for equality in the store.</summary>
/// <remarks>
/// The token is 64 random bits from the claiming worker. A store that lost its last moments (a kill inside the commit
/// window, an asynchronous failover) may hand out the same attempt number twice; with the token in it, it never hands
/// out the same fence.
/// </remarks>
/// <param name="Epoch">The tenant's epoch.</param>
/// <param name="Attempt">Which attempt of the job this is, from 1; counts every claim.</param>
/// <param name="Token">16 lower-case hexadecimal digits, drawn anew for each claim.</param>
public readonly record struct Fence(long Epoch, int Attempt, string Token);
