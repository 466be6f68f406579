using System.Runtime.InteropServices;
using Xunit;

namespace Mesh.Runtime.Tests.Storage;

/// <summary>Lets all that this process writes to one file fail until this is disposed, as on a full or broken disk; reads go on. Linux only.</summary>
internal sealed class BrokenDisk : IDisposable
{
    private readonly List<(int Taken, int Original)> _files = [];

    public BrokenDisk(string path)
    {
        using var readable = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var mine = (int)readable.DangerousGetHandle();
        foreach (var link in Directory.GetFiles("/proc/self/fd").Where(link => new FileInfo(link).LinkTarget == path))
        {
            var file = int.Parse(Path.GetFileName(link), System.Globalization.CultureInfo.InvariantCulture);
            if (file != mine)
            {
                _files.Add((file, Duplicate(file)));
                Assert.Equal(file, Replace(mine, file));
            }
        }

        Assert.NotEmpty(_files);
    }

    public void Dispose()
    {
        foreach (var (taken, original) in _files)
        {
            Assert.Equal(taken, Replace(original, taken));
            Assert.Equal(0, Close(original));
        }
    }

    [DllImport("libc", EntryPoint = "dup")]
    private static extern int Duplicate(int file);

    [DllImport("libc", EntryPoint = "dup2")]
    private static extern int Replace(int from, int to);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int file);
}
