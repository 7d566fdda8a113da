namespace Partywall.Scenarios;

/// <summary>How large a run is. The claims are the same; what differs is how hard they are tried.</summary>
public enum RunProfile
{
    /// <summary>Seconds a scenario: for every build.</summary>
    Quick,

    /// <summary>The size at which the product's own bar is judged.</summary>
    Standard,
}
