using System.Net;
using System.Net.Sockets;

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
        var child = Child.Start(PathOf(project, program), Path.Combine(Directory, $"{label}.log"), label, args);
        lock (_gate)
        {
            _children.Add(child);
        }

        return child;
    }

    /// <summary>A port that is free now. Someone else could take it before it is used; on a machine that runs a demo nobody does.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
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

    private static string PathOf(string project, string program)
    {
        // …/artifacts/EDITION/bin/Mesh.Demo/release/ and, beside it, …/bin/PROJECT/release/PROGRAM.
        var path = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", project, "release", program));
        return File.Exists(path) ? path : throw new DemoException($"{path} is missing. Build it: ./mesh build");
    }
}
