namespace AutonomOS.Tenants;

/// <summary>How the deletion of a tenant ends what runs. What is pending is cancelled either way.</summary>
public enum DeletionMode
{
    /// <summary>Running jobs are asked to stop, and cancelled without their workers when they have not after a grace.</summary>
    Cancel,

    /// <summary>Running jobs may end by themselves, each within its own timeout.</summary>
    Drain,
}
