namespace AutonomOS.Tests.Conformance.Stores;

/// <summary>A directory of mode 0700 that goes with its owner. Its path is short enough for a socket.</summary>
public sealed class TempDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("aut-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
