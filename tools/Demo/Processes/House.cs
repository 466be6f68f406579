using Mesh.Local.Processes;

namespace Mesh.Demo.Processes;

/// <summary>Where the run lives: a directory for data and logs, and every process it started. Disposing ends them all.</summary>
internal sealed class House(bool keep) : IAsyncDisposable
{
    private readonly List<Child> _children = [];
    private readonly Lock _gate = new();

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("mesh-demo-").FullName;

    /// <summary>Starts a program that the build put beside this one.</summary>
    /// <param name="project">The project's name, which is its directory under artifacts.</param>
    /// <param name="program">The program's name.</param>
    /// <param name="label">What its log is called.</param>
    /// <param name="args">Its arguments.</param>
    public Child Start(string project, string program, string label, params string[] args)
    {
        var child = Child.Start(Machine.Built(project, program), Path.Combine(Directory, $"{label}.log"), label, args);
        lock (_gate)
        {
            _children.Add(child);
        }

        return child;
    }

    public async ValueTask DisposeAsync()
    {
        Child[] children;
        lock (_gate)
        {
            children = [.. _children];
        }

        await Task.WhenAll(children.Select(child => child.DisposeAsync().AsTask()));
        if (keep)
        {
            await Console.Error.WriteLineAsync($"kept {Directory}");
            return;
        }

        try
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
        catch (IOException)
        {
            // What is left is in the temporary directory, which the system cleans.
        }
    }
}
