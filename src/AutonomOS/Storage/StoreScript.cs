using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace AutonomOS.Storage;

/// <summary>A Lua script for the store, ready to be called by its digest. Immutable and thread-safe.</summary>
/// <remarks>
/// Redis and Valkey from version 7 check the hash slots of keys that a script touches without declaring them only when
/// the script begins with <c>#!lua</c>; older servers and Garnet refuse that line. So there are two variants of each
/// script, and <see cref="ForServer"/> chooses.
/// </remarks>
public sealed class StoreScript
{
    private const string Shebang = "#!lua\n";

    private readonly ScriptBody _plain;
    private readonly ScriptBody _checked;

    /// <summary>Takes a script's text and computes its digests.</summary>
    /// <param name="name">What errors and logs call it.</param>
    /// <param name="text">The text, without a <c>#!lua</c> line.</param>
    /// <exception cref="ArgumentException">The name or the text is empty, or the text begins with <c>#!</c>.</exception>
    public StoreScript(string name, string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        if (text.StartsWith("#!", StringComparison.Ordinal))
        {
            throw new ArgumentException($"Script '{name}' brings its own #! line; it is added for the servers that know it.", nameof(text));
        }

        Name = name;
        _plain = new ScriptBody(text);
        _checked = new ScriptBody(Shebang + text);
    }

    /// <summary>What errors and logs call it.</summary>
    public string Name { get; }

    /// <summary>The text, without a <c>#!lua</c> line.</summary>
    public string Text => _plain.Text;

    /// <summary>The digest of <see cref="Text"/>: 40 lower-case hexadecimal digits.</summary>
    public string Sha1 => _plain.Sha1;

    /// <summary>The variant to send.</summary>
    /// <param name="shebang">Whether the server knows <c>#!lua</c>: <see cref="StoreConnection.KnowsShebang"/>.</param>
    public ScriptBody ForServer(bool shebang) => shebang ? _checked : _plain;

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>One variant of a script as it goes over the wire.</summary>
public sealed class ScriptBody
{
    [SuppressMessage("Security", "CA5350", Justification = "SHA-1 is the protocol's name for a script, not a safeguard.")]
    internal ScriptBody(string text)
    {
        Text = text;
        Digest = SHA1.HashData(Encoding.UTF8.GetBytes(text));
        Sha1 = Convert.ToHexStringLower(Digest);
    }

    /// <summary>The whole text.</summary>
    public string Text { get; }

    /// <summary>The digest of <see cref="Text"/>: 40 lower-case hexadecimal digits.</summary>
    public string Sha1 { get; }

    internal byte[] Digest { get; }
}
