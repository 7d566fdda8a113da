using Partywall.TargetConformance;
using Partywall.Targets;

namespace Partywall.Model.Tests;

public sealed class ModelFixture : TargetFixture
{
    public override ITarget Create() => new ModelTarget();
}

public sealed class ModelConformanceTests(ModelFixture fixture) : TargetConformanceTests(fixture), IClassFixture<ModelFixture>;
